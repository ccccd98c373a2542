"""The page about a run: whole in one file, true to the pictures, safe with any name."""

import base64
import json
import re

import cv2
import numpy as np
import pytest

from gantools import provenance, report

RECORD = provenance.describe(
    {"name": "old.jpg", "bytes": 3, "sha256": "0" * 64},
    {"name": "</script><b>new.png", "bytes": 4, "sha256": "1" * 64},
    action="restore",
    numbers={"changed": 0.25, "damaged": 0.011, "seconds": 1.234},
)
BEFORE = np.full((30, 40, 3), (0.8, 0.4, 0.2), np.float32)
MASK = np.zeros((30, 40), np.float32)
MASK[10:20, 5:15] = 1.0


@pytest.fixture
def entry():
    return report.entry(BEFORE, 1 - BEFORE, MASK, RECORD)


def pictures(page):
    """Decode the pictures of a page: each (H, W, C), blue first."""
    found = re.findall(r'src="data:image/(?:png|jpeg);base64,([^"]+)"', page)
    data = (np.frombuffer(base64.b64decode(text), np.uint8) for text in found)
    return [cv2.imdecode(one, cv2.IMREAD_UNCHANGED).astype(float) / 255 for one in data]


def test_page_shows_before_after_and_the_mask_in_red(entry):
    before, after, mask = pictures(report.page([entry]))
    np.testing.assert_allclose(before[..., ::-1], BEFORE, atol=0.02)
    np.testing.assert_allclose(after[..., ::-1], 1 - BEFORE, atol=0.02)
    np.testing.assert_array_equal(mask[..., 3], MASK)  # elsewhere transparent
    assert (mask[..., :3] == (0, 0, 1)).all()


def test_page_needs_nothing_from_anywhere(entry):
    page = report.page([entry])
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert "http" not in page.replace(RECORD["digital_source_type"], "")


def test_records_are_there_for_programs(entry):
    page = report.page([entry, entry])
    (text,) = re.findall(r'id="records">(.*?)</script>', page, re.DOTALL)
    assert json.loads(text) == [RECORD, RECORD]


def test_names_cannot_break_out_of_the_page(entry):
    page = report.page([entry], failures=["a<b>.jpg: <script>alert(1)</script>"])
    assert page.count("<script") == 2 and "<b>" not in page
    assert "1 done, 1 failed" in page and "25.0%" in page and "1.1%" in page


def test_large_photographs_become_small_and_keep_their_shape():
    large = np.zeros((400, 3600, 1), np.float32)
    made = report.page([report.entry(large, large, None, RECORD)])
    before, after = pictures(made)
    assert before.shape[:2] == after.shape[:2] == (100, 900)
    assert "checkbox" not in made
