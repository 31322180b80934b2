"""The only code here that knows TensorFlow."""
