"""Training the network of stage 3.1 on one machine or many: `python -m cloud.trainer`."""
