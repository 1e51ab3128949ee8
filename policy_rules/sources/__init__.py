"""The clause ledger against the official text."""
