"""The cloud-ready version: the last stage on many machines, tuned, exported and served."""
