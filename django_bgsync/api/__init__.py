"""The HTTP API, on Django REST framework. Its errors are problem documents (RFC 9457), whatever goes wrong."""
