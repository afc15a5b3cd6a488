"""The commands: every module here whose name does not begin with an underscore is one (see pgsearch/cli.py)."""

import pkgutil

_MODULES = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))

NAMES = tuple(sorted(name.replace("_", "-") for name in _MODULES))
