"""The paper whose tasks are here."""

BELLEC_2019 = ("Bellec et al. (2019), Biologically inspired alternatives to backpropagation "
               "through time for learning in recurrent neural nets")
