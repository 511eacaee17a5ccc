"""What a screen holds: the experiment, its runs, a strategy session, settings, themes and the declared actions."""
