"""Digits of the user's own: found in pictures or written on a sheet, prepared as MNIST has them."""
