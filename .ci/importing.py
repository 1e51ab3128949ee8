"""Import every module: our pytest plugin imports some before the measuring begins, and their lines would be missed."""

import importlib
import pkgutil

import policy_rules

for module in pkgutil.walk_packages(policy_rules.__path__, "policy_rules."):
    importlib.import_module(module.name)
