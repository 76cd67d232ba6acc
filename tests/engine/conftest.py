from tests.remote.conftest import new_server, old_server, server

__all__ = ["new_server", "old_server", "server"]
