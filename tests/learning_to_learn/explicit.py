"""e-prop 2 as the paper writes it, with a trace per synapse, for automatic differentiation.

One task after the other, step by step: eq. 20, 21, 24 for cells, 41 for readouts, 58 for learning
signals, 23 and 59 for the update, 61 for the loss. Nothing of the package computes here.
"""

import jax
import jax.numpy as jnp
import numpy as np

GAMMA = 0.3
LINK = 0.5


@jax.custom_jvp
def step_function(distance, slope):
    return (distance >= 0).astype(distance.dtype)


@step_function.defjvp
def _(primals, tangents):
    return step_function(*primals), primals[1] * tangents[0]


def advance(family, state, current, recurrent):
    """v, z and the refractory count after a step; and h."""
    v, z, silent = state
    alpha = np.exp(-family.timestep / family.tau_m)
    v = alpha * v + z @ recurrent + current - family.v_thresh * z
    ready = silent == 0
    h = jnp.where(ready, GAMMA * jnp.maximum(
        0.0, 1.0 - jnp.abs((v - family.v_thresh) / family.v_thresh)), 0.0)
    z = jnp.where(ready, step_function(v - family.v_thresh, h), 0.0)
    silent = jnp.where(z > 0, round(family.tau_refrac / family.timestep),
                       jnp.maximum(silent - 1, 0))
    return (v, z, silent), h


def at_rest(size):
    return jnp.zeros(size), jnp.zeros(size), jnp.zeros(size, int)


def without_diagonal(weight):
    return weight * (1 - jnp.eye(len(weight)))


def clock_rows(family):
    """x^t of t = 1 ... T: a spike at time tau arrives one step later."""
    rows = np.zeros((family.steps + 1, family.n_inputs))
    for cell, times in enumerate(family.clock()):
        rows[np.round(np.asarray(times) / family.timestep).astype(int) + 1, cell] = 1.0
    return jnp.asarray(rows[1:])


def run(family, weights):
    """z and y of a trial."""
    kappa = np.exp(-family.timestep / family.tau_out)
    recurrent = without_diagonal(weights["recurrent"])
    state, y, z_rows, y_rows, h_rows = at_rest(family.n_neurons), jnp.zeros(2), [], [], []
    for x in clock_rows(family):
        state, h = advance(family, state, x @ weights["input"], recurrent)
        y = kappa * y + state[1] @ weights["output"] + weights["output_bias"]
        z_rows.append(state[1])
        y_rows.append(y)
        h_rows.append(h)
    return jnp.stack(z_rows), jnp.stack(h_rows), jnp.stack(y_rows)


def spiking_signals(family, psi, z, goal):
    """L_j^t, and the spikes of the module."""
    alpha = np.exp(-family.timestep / family.tau_signal)
    recurrent = without_diagonal(psi["module_recurrent"])
    state, L, rows, spikes = at_rest(family.n_module), jnp.zeros(family.n_neurons), [], 0.0
    before = jnp.zeros(family.n_neurons)
    for x, z_now, y_star in zip(clock_rows(family), z, goal, strict=True):
        current = x @ psi["module_input"] + before @ psi["module_learner"] \
            + y_star @ psi["module_goal"]
        state, _ = advance(family, state, current, recurrent)
        L = alpha * L + state[1] @ psi["module_signals"]
        rows.append(L)
        spikes = spikes + state[1]
        before = z_now
    return jnp.stack(rows), {"module": spikes}


def linear_signals(family, psi, z, goal):
    """Phi_x xhat^t + Phi_z zhat^t + Phi_y y*^t."""
    alpha = np.exp(-family.timestep / family.tau_signal)
    xhat, zhat, rows = jnp.zeros(family.n_inputs), jnp.zeros(family.n_neurons), []
    for x, z_now, y_star in zip(clock_rows(family), z, goal, strict=True):
        xhat, zhat = alpha * xhat + x, alpha * zhat + z_now
        rows.append(xhat @ psi["module_input"] + zhat @ psi["module_learner"]
                    + y_star @ psi["module_goal"])
    return jnp.stack(rows), {}


def updated(family, weights, z, h, L, truncated):
    """theta_test = theta_init - eta sum_t L_j^t h_j^t zhat_i^{t-1} (eq. 59), likewise for x.

    x^t arrives at step t, as z^{t-1} does.
    """
    alpha = 0.0 if truncated else np.exp(-family.timestep / family.tau_m)
    xhat, zhat = jnp.zeros(family.n_inputs), jnp.zeros(family.n_neurons)
    by_x = by_z = 0.0
    before = jnp.zeros(family.n_neurons)
    for x, z_now, h_now, L_now in zip(clock_rows(family), z, h, L, strict=True):
        xhat, zhat = alpha * xhat + x, alpha * zhat + before
        by_x = by_x + xhat[:, None] * (L_now * h_now)
        by_z = by_z + zhat[:, None] * (L_now * h_now)
        before = z_now
    return {**weights, "input": weights["input"] - family.update_rate * by_x,
            "recurrent": weights["recurrent"] - family.update_rate * without_diagonal(by_z)}


def tip(velocity, timestep):
    first = jnp.cumsum(velocity[:, 0]) * timestep / 1000.0
    both = first + jnp.pi / 2 + jnp.cumsum(velocity[:, 1]) * timestep / 1000.0
    return jnp.stack([LINK * jnp.cos(first) + LINK * jnp.cos(both),
                      LINK * jnp.sin(first) + LINK * jnp.sin(both)], axis=1)


def loss(family, parameters, tasks, signals, gain, truncated=False):
    """The mean over tasks of eq. 61, for each step; and the weights after each update."""
    theta, psi = parameters["learner"], parameters["module"]
    seconds = family.steps * family.timestep / 1000.0
    z, h, _ = run(family, theta)
    cost, test_spikes, module_spikes, after = 0.0, 0.0, {}, []
    count = len(tasks["goal"])
    for number in range(count):
        L, spikes = signals(family, psi, z, tasks["goal"][number])
        new = updated(family, theta, z, h, gain * L, truncated)
        z_test, _, y = run(family, new)
        error = tip(y, family.timestep) - tasks["goal"][number]
        cost = cost + jnp.sum(error ** 2) + jnp.sum((y - tasks["velocity"][number]) ** 2)
        test_spikes = test_spikes + jnp.sum(z_test, axis=0) / count
        for label, each in spikes.items():
            module_spikes[label] = module_spikes.get(label, 0.0) + each / count
        after.append(new)
    rates = jnp.sum((jnp.sum(z, axis=0) / seconds - family.f_target) ** 2) \
        + jnp.sum((test_spikes / seconds - family.f_target) ** 2) \
        + sum(jnp.sum((each / seconds - family.f_target_module) ** 2)
              for each in module_spikes.values())
    return (cost / count + family.c_reg * rates) / family.steps, after
