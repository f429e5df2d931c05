# What every C source of the project must compile with, on whatever machine it is for.
WARNINGS := -std=c99 -Wall -Wextra -Wpedantic -Wshadow -Werror
