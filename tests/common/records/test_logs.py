"""Logs of recorded data: joining, adding cells, forgetting, checkpoints."""

import numpy as np

from pynn_eprop.common.records.logs import LossLog, SampledLog, SpikeLog, restored_log


def test_samples_of_several_runs_follow_on():
    log = SampledLog("v", np.array([0, 2]), 1, 0)
    log.append(np.array([[1.0, 2.0]]))
    log.append(np.zeros((0, 2)))
    log.append(np.array([[3.0, 4.0], [5.0, 6.0]]))
    np.testing.assert_array_equal(log.values(), [[1, 2], [3, 4], [5, 6]])


def test_cells_that_are_added_have_nan_before():
    log = SampledLog("v", np.array([2]), 1, 0, [np.array([[1.0], [2.0]])])
    log.add_cells(np.array([0, 2]))
    assert log.cells.tolist() == [0, 2]
    np.testing.assert_array_equal(log.values(), [[np.nan, 1], [np.nan, 2]])


def test_forgetting_keeps_the_sample_of_now_and_counts_on():
    log = SampledLog("v", np.array([0]), 2, 0, [np.arange(6.0)[:, np.newaxis]])
    log.forget(10)
    assert (log.first, log.values().tolist()) == (10, [[5.0]])
    log.forget(11)        # between two samples
    assert (log.first, len(log.values())) == (12, 0)


def spikes(steps, cells, recorded=(0, 1, 2)):
    return SpikeLog(np.array(recorded), [np.array(steps, dtype=int)],
                    [np.array(cells, dtype=int)])


def test_spikes_by_cell_and_counts():
    log = spikes([1, 1, 4, 9], [2, 0, 2, 1])
    assert [train.tolist() for train in log.by_cell()] == [[1], [9], [1, 4]]
    assert log.counts().tolist() == [1, 1, 2]
    assert spikes([], []).counts().tolist() == [0, 0, 0]


def test_spikes_of_sources_that_are_given_again_count_once():
    log = SpikeLog(np.array([0, 1]))
    log.append_given((np.array([0, 3, 10]), np.array([0, 5, 1])), 0)     # cell 5 is not recorded
    log.append_given((np.array([10, 10, 12]), np.array([0, 1, 0])), 10)
    assert log.spikes()[0].tolist() == [0, 10, 10, 12]
    assert log.spikes()[1].tolist() == [0, 0, 1, 0]


def test_losses_and_the_interval_they_begin_with():
    log = LossLog(50, 100)
    log.append(np.array([1.0, 2.0]))
    log.append(np.array([3.0]))
    assert log.values().tolist() == [[1.0], [2.0], [3.0]]
    log.forget(250)
    assert (log.first, len(log.values())) == (250, 0)


def test_checkpoints_give_the_same_logs():
    for log in (SampledLog("v", np.array([1]), 3, 6, [np.array([[1.0], [2.0]])]),
                spikes([1, 2], [0, 1]), LossLog(10, 20, [np.array([1.0])])):
        again = restored_log(log.variable, log.arrays())
        assert type(again) is type(log)
        for name, array in log.arrays().items():
            np.testing.assert_array_equal(again.arrays()[name], array)
