"""What operators do: to items, of which there may be very many, to tags and to clients.

Everything starts with `actions.request` and leaves an `OperatorAction`; what was done to one item is an `ItemNote`.
"""
