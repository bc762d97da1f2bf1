"""How days and times are written, alike on all pages of a language; Django's English short date is American."""
