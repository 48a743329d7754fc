"""The audit of a merchant's integration: lawful but hostile situations, each a check that says what the merchant's code does wrong."""
