"""Make the bucket of S3_BUCKET where the store does not have it yet.

For the one-shot service of the compose file, and for a demo whose environment names a store.
"""

import os
import sys
from collections.abc import Mapping
from typing import Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ops import StoreFailed
from ops.variables import given

_OURS_ALREADY: Final = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")
_PATIENCE: Final = Config(connect_timeout=10, read_timeout=10, retries={"total_max_attempts": 2})


def ensure_bucket(environ: Mapping[str, str]) -> None:
    """Create the bucket, unless it is there.

    Raises:
        StoreFailed: the store does not answer, or it refuses.
    """
    name = given(environ, "S3_BUCKET")
    try:
        store = boto3.client(
            "s3",
            endpoint_url=given(environ, "S3_ENDPOINT_URL"),
            aws_access_key_id=given(environ, "AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=given(environ, "AWS_SECRET_ACCESS_KEY"),
            config=_PATIENCE,
        )
        store.create_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _OURS_ALREADY:
            raise StoreFailed(f"The bucket {name} cannot be made: {error}") from error
    except (BotoCoreError, ValueError) as error:
        raise StoreFailed(f"The object store of S3_ENDPOINT_URL does not answer: {error}") from error


def main() -> int:
    """0 when the bucket is there in the end, 1 with a sentence when not."""
    try:
        ensure_bucket(os.environ)
    except StoreFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
