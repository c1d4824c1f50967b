"""Passwords of the tests' people, which nobody has to be kept from guessing."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class Quick(PBKDF2PasswordHasher):
    """Django's own takes half a second, and people sign in hundreds of times."""

    iterations = 1
