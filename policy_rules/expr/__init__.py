"""The condition language: types and units, parser and checker, typed nodes, printer.

It knows names only through the :class:`~policy_rules.expr.scope.Scope` it is given.
"""
