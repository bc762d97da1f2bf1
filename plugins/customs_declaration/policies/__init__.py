"""Policy tables as dated editions: proposed by one person, approved by another, in force from their day on."""
