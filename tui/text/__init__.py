"""Every sentence, table and number as a person reads it; used by the command line and the screens."""
