"""Keep a mailcow mail server as YAML manifests in git."""

__version__ = "0.1.0"
