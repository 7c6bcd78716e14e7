"""What can be read from running text by rules that are plain enough to be checked: ages, severity, empty sections."""
