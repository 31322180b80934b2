"""Digits of the user's own: written on a sheet, found in pictures, prepared as MNIST has them."""
