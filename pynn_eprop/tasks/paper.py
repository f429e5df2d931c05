"""The paper that the tasks come from."""

BELLEC_2019 = ("Bellec et al. (2019), Biologically inspired alternatives to backpropagation "
               "through time for learning in recurrent neural nets")
