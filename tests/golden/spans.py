#!/usr/bin/env python3
"""Makes tests/golden/spans.json: span scores of seqeval in its default (conlleval) mode.

    pip install seqeval==1.2.2
    python tests/golden/spans.py

Each case has the right tags and the predicted ones of some sentences, and seqeval's precision, recall and
F1: of all spans, and of each label.
"""

import json
import pathlib
import random
import warnings

from seqeval.metrics import classification_report, f1_score, precision_score, recall_score

HERE = pathlib.Path(__file__).parent

# The right tags, and the predicted ones.
TRAPS = [
    ("I-PER I-PER O", "B-PER I-PER O"),  # begins with I
    ("B-PER B-PER O", "B-PER I-PER O"),  # two spans side by side
    ("B-PER I-LOC O", "B-PER I-PER O"),  # the label changes inside
    ("I-PER I-LOC O", "B-PER B-LOC O"),  # the same, where each begins with I
    ("O B-PER I-PER", "O B-PER O"),  # the end is missing
    ("B-PER I-PER O", "O I-PER O"),  # the beginning is missing
    ("B-PER O I-PER", "B-PER I-PER I-PER"),  # a hole
    ("B-PER E-PER S-PER", "B-PER I-PER S-PER"),  # ends and single words
    ("O O O", "O O O"),  # nothing, and nothing found
    ("B-PER", "B-LOC"),  # another label
    ("E-PER I-PER B-LOC", "S-PER I-PER I-LOC"),
    ("B-first-name I-first-name", "B-first-name I-first-name"),  # a hyphen in the label
]


def scores(right, predicted):
    """Of lists of sentences, each a list of tags."""
    both = (right, predicted)
    report = classification_report(*both, output_dict=True, zero_division=0)
    labels = [label for label in report if not label.endswith(" avg")]
    return {
        "right": [" ".join(tags) for tags in right],
        "predicted": [" ".join(tags) for tags in predicted],
        "precision": float(precision_score(*both, zero_division=0)),
        "recall": float(recall_score(*both, zero_division=0)),
        "f1": float(f1_score(*both, zero_division=0)),
        "labels": {label: float(report[label]["f1-score"]) for label in labels},
    }


def random_tags(rng, length, tags):
    return [rng.choice(tags) for _ in range(length)]


def main():
    warnings.simplefilter("ignore")  # of tags that no scheme has
    cases = [scores([right.split()], [predicted.split()]) for right, predicted in TRAPS]
    rng = random.Random(1)
    plain = ["O", "O", "B-A", "I-A", "I-A", "B-B", "I-B"]
    strange = [*plain, "E-A", "S-A", "E-B", "S-B"]
    for number in range(1000):
        tags = strange if number % 4 == 0 else plain
        right = [random_tags(rng, rng.randint(1, 9), tags) for _ in range(rng.randint(1, 2))]
        predicted = [
            [tag if rng.random() < 0.7 else rng.choice(tags) for tag in sentence]
            for sentence in right
        ]
        cases.append(scores(right, predicted))
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / "spans.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
