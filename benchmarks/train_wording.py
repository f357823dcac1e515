"""Learns `milter/detect/data/wording.txt`: `python benchmarks/train_wording.py [--vectors FILE] [--check]`.

Needs numpy, scipy and scikit-learn, in an environment of their own: the product needs none of them. Learns from
the corpus to tune on (`develop`, `fresh`) and from the cases of `tests/detect`, never from `held_back` or `blind`.
`--vectors` is a .npz of `words` and `vectors` from any model of word meanings: it lends a weight to words that no
labelled document holds ('seizure' from 'epilepsy'). The shipped file was learned with the vectors that
all-MiniLM-L6-v2 (Apache-2.0) gives single words. `--check` leaves out one source at a time and tells how well
the rest foresees it: the figure that matters.
"""

import argparse
import json
import re
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.corpus.__main__ import publish
from milter.assess import inspect
from milter.detect import decide, subjects, wording
from milter.detect.examine import Detectors, OwnDetails, examine, gather
from milter.detect.lexicon import shipped
from milter.message.passage import Passage

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "milter" / "detect" / "data" / "wording.txt"
CASES = ROOT / "tests" / "detect" / "data"
PAIRS = ROOT / "benchmarks" / "corpus" / "pairs"
FAMILIES = ROOT / "tests" / "detect_families"
MARK = re.compile(r"\{\{[a-z-]+\|(.*?)\}\}", re.DOTALL)
TEMPLATES_COUNT = 0.5  # a document from a template counts half of one written by hand
STRENGTH = 1.0  # the inverse of the penalty on weights
MEANING = 2.0  # the share of the vectors
WORD = 2.8  # the share of single words
LEAN = {"health": 0.4, "child": 0.4, "financial": 0.7, "criminal": 0.8, "employment": 0.7, "high": 0.5}
# added to a head's bias: the best F1 is had where a rarer kind is said from some 35% on, not from half on
LEAST = 3  # sources that a word must stand in to have a weight of its own
DETECTORS = Detectors()


@dataclass
class Sample:
    """One examination of a labelled document."""

    name: str
    source: str  # for `--check`: what is left out together
    group: str  # the template or the document
    protect: bool
    categories: tuple[str, ...] | None
    high: bool
    every: set[str]
    near: set[str]
    measures: dict[str, float]
    firm: float  # points of identifiers, which decide without the wording


def sample(evidence: Any, **label: Any) -> Sample:
    """Take from the evidence what the model sees."""
    who = subjects.of(evidence)
    points = decide.points_of(decide.reasons_of(evidence, DETECTORS, who))
    every, near = wording.words_of(evidence)
    measures = wording.measures_of(evidence, who, points)
    return Sample(every=every, near=near, measures=measures, firm=points.get("hard", 0.0), **label)


def samples() -> Iterator[Sample]:
    """Every labelled document that may be learned from."""
    for half in ("develop", "fresh"):
        with tempfile.TemporaryDirectory() as folder:
            publish(Path(folder), (half,), 1, 2)
            for line in (Path(folder) / "labels.jsonl").read_text(encoding="utf-8").splitlines():
                yield from _from_file(Path(folder), json.loads(line), half)
    for file in sorted(CASES.glob("*.toml")):
        if file.stem.startswith(("personal", "ordinary")):
            for number, case in enumerate(tomllib.loads(file.read_text(encoding="utf-8"))["case"]):
                yield from _from_case(case, f"{file.stem}/{number}", file.stem)
    for file in sorted(PAIRS.glob("*.toml")):
        for number, case in enumerate(tomllib.loads(file.read_text(encoding="utf-8"))["case"]):
            passages = [Passage("subject", case["subject"])] if "subject" in case else []
            evidence = gather([*passages, Passage("body", case["text"])], DETECTORS, OwnDetails(), "")
            yield sample(evidence, name=f"{file.stem}/{number}: {case['why']}", source=f"pairs {file.stem}",
                         group=f"pairs {file.stem}/{number}", protect=case["protect"], categories=None,
                         high=False)  # fmt: skip
    expected = tomllib.loads((FAMILIES / "expected.toml").read_text(encoding="utf-8"))
    for name, answer in expected.items():
        text = (FAMILIES / f"{name}.txt").read_text(encoding="utf-8")
        evidence = gather([Passage("body", text)], DETECTORS, OwnDetails(), f"{name}.txt")
        yield sample(evidence, name=name, source="families", group=name, protect=answer["protect"],
                     categories=None, high=False)  # fmt: skip


def _from_file(folder: Path, label: dict[str, Any], half: str) -> Iterator[Sample]:
    seen: list[Any] = []

    def recording(passages: Any, detectors: Any, **how: Any) -> Any:
        seen.append(gather(passages, detectors, OwnDetails(), how.get("name", "")))
        return examine(passages, detectors, **how)

    inspect.examine = recording
    content = (folder / label["file"]).read_bytes()
    inspect.inspect_file(content, Path(label["file"]).name, inspect.Knowledge(DETECTORS))
    source = (
        f"develop {sum(map(ord, label['family'])) % 3}" if half == "develop" else f"fresh {label['family']}"
    )
    group = f"{half}/{label['family']}" if half == "develop" else f"{half}/{label['file']}"
    found = [one for one in seen if one is not None]
    if label[
        "protect"
    ]:  # the part that says most stands for the whole, and a part that tells of nobody is ordinary
        *rest, most = sorted(found, key=_size)
        for evidence in rest:
            if not wording.tells(evidence, subjects.of(evidence)):
                yield sample(evidence, name=f"{label['file']} (a part)", source=source, group=group, protect=False,
                             categories=None, high=False)  # fmt: skip
        found = [most]
    for evidence in found:
        yield sample(evidence, name=label["file"], source=source, group=group, protect=label["protect"],
                     categories=tuple(label["categories"]), high=label["high"])  # fmt: skip


def _size(evidence: Any) -> int:
    return sum(len(page.page.text) for page in evidence.pages if not page.page.quiet)


def _from_case(case: dict[str, Any], group: str, stem: str) -> Iterator[Sample]:
    text = MARK.sub(lambda mark: mark[1], case["text"])
    subject = [Passage("subject", case["subject"])] if "subject" in case else []
    body = Passage("body", text, table=case.get("table", False))
    protect = stem.startswith("personal")
    evidence = gather([*subject, body], DETECTORS, OwnDetails(), case.get("name", ""))
    yield sample(evidence, name=f"{group}: {case['why']}", source=f"cases {stem.partition('_')[2]}", group=group,
                 protect=protect, categories=tuple(case.get("is", "").split()) if protect else (),
                 high=case.get("high", False))  # fmt: skip


class Model:
    """The matrix of all samples, what was learned from some of them, and how it judges."""

    def __init__(self, all_samples: list[Sample], vectors: dict[str, np.ndarray]) -> None:
        self.samples, self.vectors = all_samples, vectors
        groups: dict[str, set[str]] = defaultdict(set)
        for one in all_samples:
            for word in one.every:
                groups[word].add(one.group)
        self.words = sorted(word for word, where in groups.items() if len(where) >= LEAST and _may(word))
        self.measures = sorted({name for one in all_samples for name in one.measures})
        self.matrix = self._matrix()

    def _matrix(self) -> csr_matrix:
        """Columns: measures, words, words beside people, meaning of each."""
        at_word = {word: at for at, word in enumerate(self.words)}
        at_measure = {name: at for at, name in enumerate(self.measures)}
        size = len(next(iter(self.vectors.values()))) if self.vectors else 0
        blocks = []
        for sort in ("every", "near"):
            row, column, value = [], [], []
            meaning = np.zeros((len(self.samples), size))
            for number, one in enumerate(self.samples):
                words = getattr(one, sort)
                scale = 1 / np.sqrt(len(words) + wording.CALM)
                for word in words:
                    if word in at_word:
                        row.append(number)
                        column.append(at_word[word])
                        value.append(WORD * scale)
                    if word in self.vectors and _may(word):
                        meaning[number] += self.vectors[word]
                meaning[number] *= MEANING * scale
            shape = (len(self.samples), len(self.words))
            blocks += [csr_matrix((value, (row, column)), shape=shape), csr_matrix(meaning)]
        row, column, value = [], [], []
        for number, one in enumerate(self.samples):
            for name, amount in one.measures.items():
                row.append(number)
                column.append(at_measure[name])
                value.append(amount)
        first = csr_matrix((value, (row, column)), shape=(len(self.samples), len(self.measures)))
        return hstack([first, *blocks]).tocsr()

    def learn(self, head: str, train: np.ndarray) -> tuple[np.ndarray, float]:
        """Weights of all columns and the bias, from the samples of the mask."""
        chosen = np.where(train)[0]
        if head != "protect":
            some = np.array([one.protect and one.categories is not None for one in self.samples])
            chosen = np.where(train & some)[0]
        wanted = np.array([truth(self.samples[at], head) for at in chosen])
        counts = np.array(
            [TEMPLATES_COUNT if self.samples[at].source.startswith("develop") else 1.0 for at in chosen]
        )
        columns = self.matrix.copy()
        if head != "protect":  # words beside people are for 'protect' alone
            width = (columns.shape[1] - len(self.measures)) // 2
            keep = np.ones(columns.shape[1])
            keep[len(self.measures) + width :] = 0
            columns = columns.multiply(keep).tocsr()
        learned = LogisticRegression(C=STRENGTH, max_iter=800)
        learned.fit(columns[chosen], wanted, sample_weight=counts)
        return learned.coef_[0], float(learned.intercept_[0])

    def judged(self, weights: np.ndarray, bias: float) -> np.ndarray:
        """The logits of all samples."""
        return self.matrix @ weights + bias

    def word_weights(self, weights: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
        """One weight for each word, and the one beside people, the vectors' share within."""
        size = len(next(iter(self.vectors.values()))) if self.vectors else 0
        at = len(self.measures)
        found: list[dict[str, float]] = []
        for _ in range(2):
            own = dict(zip(self.words, WORD * weights[at : at + len(self.words)], strict=True))
            at += len(self.words)
            meaning = MEANING * weights[at : at + size]
            at += size
            both = {word: own.get(word, 0.0) for word in {*own, *filter(_may, self.vectors)}}
            for word in both.keys() & self.vectors.keys():
                both[word] += float(self.vectors[word] @ meaning)
            found.append(both)
        return found[0], found[1]


def _may(word: str) -> bool:
    """A word may have a weight if it is nobody's name."""
    names = shipped()
    return word.title() not in names.given and word.title() not in names.surnames


def truth(one: Sample, head: str) -> int:
    """The right answer of a sample to a head."""
    if head == "protect":
        return int(one.protect)
    return int(one.high if head == "high" else head in (one.categories or ()))


def check(model: Model) -> None:
    """Leave out one source at a time, and tell how well the rest foresees it."""
    sources = np.array([one.source for one in model.samples])
    total: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for source in sorted(set(sources)):
        left = sources == source
        weights, bias = model.learn("protect", ~left)
        logits = model.judged(weights, bias)
        verdicts: dict[str, tuple[bool, bool]] = {}
        for at in np.where(left)[0]:
            one = model.samples[at]
            yes = logits[at] >= 0 or one.firm >= DETECTORS.thresholds["protect"]
            verdicts[one.name] = (one.protect, verdicts.get(one.name, (False, False))[1] or bool(yes))
        answers = ((True, True), (True, False), (False, True), (False, False))
        counts = [list(verdicts.values()).count(answer) for answer in answers]
        hit, missed, false, clean = counts
        print(f"{source:14} recall {hit / max(hit + missed, 1):.3f} ({missed} missed)"
              f"   false alarms {false / max(false + clean, 1):.3f} ({false})")  # fmt: skip
        for name, (wanted, said) in verdicts.items():
            if wanted != said and not source.startswith("develop"):
                print(f"    {'MISSED' if wanted else 'FALSE'} {name}")
        key = "templates" if source.startswith("develop") else "by hand"
        total[key] = [a + b for a, b in zip(total[key], counts, strict=True)]
    for key, (hit, missed, false, clean) in total.items():
        print(f"{key}: recall {hit / (hit + missed):.3f}, false alarms {false / (false + clean):.3f}")


def write(model: Model) -> None:
    """Learn from everything and write the file."""
    everything = np.ones(len(model.samples), dtype=bool)
    columns: list[np.ndarray] = []
    biases: list[float] = []
    for head in wording.HEADS:
        weights, bias = model.learn(head, everything)
        columns.append(weights)
        biases.append(bias + LEAN.get(head, 0.0))
    words = [model.word_weights(weights) for weights in columns]
    hundredths = lambda numbers: " ".join(str(round(100 * number)) for number in numbers)  # noqa: E731
    lines = ["# Made by benchmarks/train_wording.py: don't edit. Hundredths of a logit. Heads: "
             + " ".join(wording.HEADS),
             "# 'word' lines: the word, its weight for 'protect' beside a person, then one weight for each head.",
             f"bias {hundredths(biases)}"]  # fmt: skip
    for at, name in enumerate(model.measures):
        lines.append(f"measure {name} {hundredths([column[at] for column in columns])}")
    for word in sorted(words[0][0]):
        near = words[0][1][word]
        every = [one[0][word] for one in words]
        if max(abs(near), *map(abs, every)) >= 0.15:
            lines.append(f"word {word} {hundredths([near])} {hundredths(every)}")
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} lines in {OUT}")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--check", action="store_true", help="only tell how well it generalises")
    options = parser.parse_args()
    vectors: dict[str, np.ndarray] = {}
    if options.vectors:
        stored = np.load(options.vectors, allow_pickle=False)
        vectors = dict(zip(stored["words"].tolist(), stored["vectors"], strict=True))
    model = Model(list(samples()), vectors)
    print(
        f"{len(model.samples)} samples, {len(model.words)} words of their own, {len(vectors)} with a meaning"
    )
    check(model) if options.check else write(model)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
