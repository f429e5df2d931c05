"""``pynn-eprop decode``: what linear classifiers find in the eligibility traces of a network."""
