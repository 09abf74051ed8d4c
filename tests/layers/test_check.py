"""Every wrong cell is named, once, with its row; what is right comes out typed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.check import check, number
from layers.schema import Column, Contract, contract, contracts
from tests.layers.planfolder import cells

TABLE = Contract(
    "things",
    columns=(
        Column("id", "text", required=True),
        Column("size", "number", minimum=0, maximum=10),
        Column("count", "whole", minimum=0),
        Column("since", "year"),
        Column("open", "flag"),
        Column("stage", "choice", allowed=("primary", "junior")),
        Column("places_<stage>", "number", minimum=0),
    ),
    key=("id",),
)


def _frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


def test_cells_come_out_typed_and_unknown_stays_unknown() -> None:
    table, faults = check(
        _frame(
            id=[101.0, "b", "c"],
            size=["1.5", "", None],
            count=["1,200", "2.0", "-"],
            since=["2019", "2019年9月", 2020],
            open=["是", "no", None],
            stage=["小学", "Junior", "n/a"],
            note=["x", "", None],
        ),
        TABLE,
        "t.csv",
    )
    assert faults == []
    assert table["id"].tolist() == ["101", "b", "c"]
    np.testing.assert_array_equal(table["size"], [1.5, np.nan, np.nan])
    np.testing.assert_array_equal(table["count"], [1200, 2, np.nan])
    assert table["since"].tolist() == [2019, 2019, 2020]
    assert table["open"].tolist() == [True, False, None]
    assert table["stage"].tolist() == ["primary", "junior", None]
    assert table["note"].tolist() == ["x", None, None]


def test_every_fault_is_listed_at_once_with_row_column_and_value() -> None:
    table, faults = check(
        _frame(
            _row=[2, 3, 5, 9],
            id=["a", "a", None, "d"],
            size=[-1, 11, "big", np.inf],
            count=[1.5, 1, 2, 3],
            since=["99", "soon", 1700, 2020],
            open=["perhaps", None, None, None],
            stage=["大学", None, None, None],
        ),
        TABLE,
        "t.csv",
    )
    assert cells(faults) == {
        ("key_twice", 3, "id"), ("value_missing", 5, "id"),
        ("value_minimum", 2, "size"), ("value_maximum", 3, "size"),
        ("value_number", 5, "size"), ("value_number", 9, "size"),
        ("value_whole", 2, "count"),
        ("value_year", 2, "since"), ("value_year", 3, "since"), ("value_year", 5, "since"),
        ("value_flag", 2, "open"), ("value_allowed", 2, "stage"),
    }  # fmt: skip
    assert len(faults) == 12
    assert all(fault.file == "t.csv" and fault.message("zh") and fault.remedy("en") for fault in faults)
    assert "_row" not in table and table["size"].isna().all()


def test_missing_columns_and_misspelt_ones() -> None:
    _, faults = check(_frame(size=[1], place_primary=[3]), TABLE, "t.csv")
    assert [(fault.code, fault.severity, fault.column) for fault in faults] == [
        ("column_missing", "error", "id"),
        ("column_near", "warning", "place_primary"),
    ]
    assert "places_primary" in faults[1].message()


def test_alternatives_of_columns() -> None:
    assert check(_frame(age=[1], residents=[2]), contract("ages"), "a")[1] == []
    assert check(_frame(age_from=[0], age_to=[4], residents=[2]), contract("ages"), "a")[1] == []
    _, faults = check(_frame(age_from=[0], residents=[2]), contract("ages"), "a")
    assert [fault.code for fault in faults] == ["column_choice"]


def test_the_files_own_heading_is_shown() -> None:
    frame = _frame(id=["a"], size=["x"])
    frame.attrs["headings"] = {"size": "大小"}
    table, faults = check(frame, TABLE, "t.csv")
    assert faults[0].column == "大小" and table.attrs == {}


@pytest.mark.parametrize("text", ["12 m", "1,2,3", "1_000", "inf", "nan5", "", "一百", True])
def test_what_is_no_number(text: object) -> None:
    with pytest.raises(ValueError, match="value_number"):
        number(text)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.floats(-2, 12), st.integers(-2, 12), st.sampled_from(["3", " 4.5", "1_0", "x"])), max_size=6
    )
)
def test_a_column_of_plain_numbers_is_read_as_cell_by_cell(values: list[object]) -> None:
    """A first cell of another kind turns the short way off; the rest must come out the same."""
    quick, faults = check(_frame(id=[f"i{n}" for n in range(len(values))], size=values), TABLE, "t")
    slow, same = check(_frame(id=["z", *(f"i{n}" for n in range(len(values)))], size=["-", *values]), TABLE, "t")
    np.testing.assert_array_equal(quick["size"], slow["size"].iloc[1:])
    assert [(fault.code, fault.row) for fault in faults] == [(fault.code, (fault.row or 0) - 1) for fault in same]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([1, -1, 3, "x", None])), max_size=8), st.randoms())
def test_row_order_changes_no_cell_fault(rows: list[tuple[str, object]], random: object) -> None:
    """Only which of two equal keys is called the second depends on order."""
    frame = _frame(_row=list(range(2, len(rows) + 2)), id=[row[0] for row in rows], size=[row[1] for row in rows])
    mixed = frame.sample(frac=1, random_state=getattr(random, "randint")(0, 999))  # noqa: B009
    one, other = (cells(check(table, TABLE, "t")[1]) for table in (frame, mixed))
    assert {fault for fault in one if fault[0] != "key_twice"} == {
        fault for fault in other if fault[0] != "key_twice"
    }
    assert sum(fault[0] == "key_twice" for fault in one) == sum(fault[0] == "key_twice" for fault in other)


@pytest.mark.parametrize(
    ("table", "column", "most"), [("schools", "places_primary", 20_000), ("grid", "residents", 5_000_000)]
)
def test_numbers_no_county_has_are_faults(table: str, column: str, most: int) -> None:
    kind = contract(table).column(column)
    assert kind is not None and kind.maximum == most
    only = Contract(table, columns=(kind,))
    _, faults = check(_frame(**{column: list[object]([most, 1e30])}), only, "a.csv")
    assert [(fault.code, fault.row) for fault in faults] == [("value_maximum", 3)]
    assert str(most) in faults[0].message()


def test_every_amount_of_a_contract_has_a_maximum() -> None:
    free = {(name, column.name) for name in contracts() for column in contract(name).columns
            if column.kind in ("number", "whole") and column.maximum is None}  # fmt: skip
    assert free == {("audit", "osm_id")}
