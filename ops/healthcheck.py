"""The container's health check: does the web server in this container answer `/healthz`?"""

import http.client
import os
import sys


def main() -> int:
    """Ask as the site's own host: any other name is refused. 0 healthy, 1 not."""
    host = os.environ.get("ARENA_ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return int(connection.getresponse().status != http.client.OK)
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
