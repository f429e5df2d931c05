"""Long runs behind the pages of docs/evidence, a script each; ``make evidence`` runs all of them.

Not part of the installed package: they name tasks, seeds and results of the paper. What they share
with the tests is in shared/. The long ones keep finished results and go on with the rest if they
are run again.
"""
