"""What is kept: tables, the questions asked of them, and the drivers that answer. Tables never leave this folder."""
