"""Pseudo-derivatives h_j^t of the spike, as immutable values.

All are functions of u = (v - A) / (width v_th), largest (= ``height``) at the threshold, and 0
while the cell is refractory. The paper has the piecewise linear one with height 0.3 and width 1
(eq. 24); the other shapes are NEST's (there in units of the membrane potential).

=================  =================================
name               h(u)
=================  =================================
piecewise_linear   height max(0, 1 - |u|)
exponential        height exp(-|u|)
fast_sigmoid       height / (1 + |u|)^2
arctan             height / (1 + (pi u)^2)
=================  =================================
"""

from pynn_eprop.models.pseudo_derivatives.arctan import Arctan
from pynn_eprop.models.pseudo_derivatives.exponential import Exponential
from pynn_eprop.models.pseudo_derivatives.fast_sigmoid import FastSigmoid
from pynn_eprop.models.pseudo_derivatives.piecewise_linear import PiecewiseLinear
from pynn_eprop.models.pseudo_derivatives.pseudo_derivative import PseudoDerivative
from pynn_eprop.models.pseudo_derivatives.registry import (
    PSEUDO_DERIVATIVES,
    register_pseudo_derivative,
    resolve_pseudo_derivative,
)

for _shape in (PiecewiseLinear, Exponential, FastSigmoid, Arctan):
    register_pseudo_derivative(_shape)

__all__ = ["PSEUDO_DERIVATIVES", "Arctan", "Exponential", "FastSigmoid", "PiecewiseLinear",
           "PseudoDerivative", "register_pseudo_derivative", "resolve_pseudo_derivative"]
