# Warnings that every C source of the project must compile with, for any machine.
WARNINGS := -std=c99 -Wall -Wextra -Wpedantic -Wshadow -Werror
