"""Addresses of buckets, gs://BUCKET/…: one rule for all programs here."""

import os

BUCKETS = "gs://"
MOUNTED = "/gcs"  # where Vertex AI and the Cloud Storage CSI driver mount the buckets


def local_path(folder):
    """The path of a gs:// folder below /gcs where its bucket is mounted; others stay as they are.
    """
    if not folder.startswith(BUCKETS):
        return folder
    bucket, _, path = folder.removeprefix(BUCKETS).partition("/")
    mounted = os.path.join(MOUNTED, bucket)
    return os.path.join(mounted, path) if os.path.isdir(mounted) else folder
