"""The command line: ``policy-rules``."""
