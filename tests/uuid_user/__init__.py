"""A project whose users have uuids as primary keys."""
