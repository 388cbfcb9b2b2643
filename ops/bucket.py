"""Make the bucket of S3_BUCKET where the store does not have it yet; for the one-shot service of the compose file."""

import os
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

_OURS_ALREADY = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


def main() -> int:
    """Create the bucket; 0 when it is there in the end, 1 with a sentence when not."""
    name = os.environ["S3_BUCKET"]
    store = boto3.client("s3", endpoint_url=os.environ.get("S3_ENDPOINT_URL") or None)
    try:
        store.create_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _OURS_ALREADY:
            print(f"The bucket {name} cannot be made: {error}", file=sys.stderr)
            return 1
    except BotoCoreError as error:
        print(f"The object store does not answer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
