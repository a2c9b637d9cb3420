import json
import math
import unittest

from tare_pytorch.ranges import RangeError, format_ranges, observers_of, ranges_of

STATE = {
    "activation_post_process_0.min_val": -1.5,
    "activation_post_process_0.max_val": 2.0,
    "activation_post_process_1.min_val": [-3.0, -1.0],
    "activation_post_process_1.max_val": [0.5, 4.0],
    "fc.weight": [1.0],
    "late.min_val": math.inf,
    "late.max_val": -math.inf,
    "nan.min_val": math.nan,
    "nan.max_val": 1.0,
    "half.min_val": 0.0,
    "odd.min_val": 2.0,
    "odd.max_val": 1.0,
}


class RangesTest(unittest.TestCase):
    def test_ranges_of_tensors_and_of_channels(self) -> None:
        names = {"activation_post_process_1": "relu", "activation_post_process_0": "x"}
        ranges = ranges_of(STATE, names)
        self.assertEqual(list(ranges.items()), [("relu", (-3.0, 4.0)), ("x", (-1.5, 2.0))])
        tree = json.loads(format_ranges(ranges))
        self.assertEqual(tree["format-version"], 1)
        self.assertEqual(tree["ranges"]["relu"], {"min": -3.0, "max": 4.0})
        self.assertEqual(len(observers_of(STATE)), 6)

    def test_what_gives_no_range_is_named(self) -> None:
        for observer, words in {
            "other": "there is no observer 'other'; there are: activation_post_process_0",
            "late": "observer 'late' has seen no value",
            "nan": "observer 'nan' has a range with NaN",
            "half": "observer 'half' has a min_val and no max_val",
            "odd": "observer 'odd' has min_val 2.0 above max_val 1.0",
        }.items():
            with self.assertRaises(RangeError) as caught:
                ranges_of(STATE, {observer: "t"})
            self.assertIn(words, str(caught.exception))
        both = {"activation_post_process_0": "t", "activation_post_process_1": "t"}
        with self.assertRaisesRegex(RangeError, "different ranges of tensor 't'"):
            ranges_of(STATE, both)


if __name__ == "__main__":
    unittest.main()
