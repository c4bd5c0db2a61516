"""The database: tables, migrations, one repository a noun. No business rules."""
