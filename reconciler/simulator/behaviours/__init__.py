"""What the server does at each route, a file a subject. Every module here is imported, and registers its routes."""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
