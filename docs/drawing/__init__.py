"""What the pictures of the guide are drawn with, and the pictures, by subject."""
