"""Stand-in for the part of Saleor 3.23 that Ponte uses: for development and demonstration, never for production."""

VERSION = "3.23.28"
SCHEMA_VERSION = "3.23"
