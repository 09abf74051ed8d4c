"""Schools of the extract and the guess of their stage."""

import pytest

from layers.streets.osm_schools import guess_stage
from tests.layers.test_streets_surroundings import town


@pytest.mark.parametrize(
    ("tags", "stage"),
    [
        ({"amenity": "school", "name": "第一小学"}, "primary"),
        ({"amenity": "school", "name": "清华附小"}, "primary"),
        ({"amenity": "school", "name": "第四中学"}, "junior"),
        ({"amenity": "school", "name": "育才高级中学"}, "senior"),
        ({"amenity": "school", "name": "九年一贯制学校"}, "nine_year"),
        ({"amenity": "school", "name": "十二年一贯制学校"}, "twelve_year"),
        ({"amenity": "school", "name": "阳光幼儿园"}, "kindergarten"),
        ({"amenity": "school", "name": "实验小学附属幼儿园"}, "kindergarten"),
        ({"amenity": "school", "name": "张家村教学点"}, "teaching_point"),
        ({"amenity": "school", "name": "县特殊教育学校"}, "special"),
        ({"amenity": "kindergarten", "name": "Les Lucioles"}, "kindergarten"),
        ({"amenity": "school", "name": "École maternelle du Port"}, "kindergarten"),
        ({"amenity": "school", "name": "École maternelle et élémentaire du Port"}, "primary"),
        ({"amenity": "school", "name": "École élémentaire"}, "primary"),
        ({"amenity": "school", "name": "Collège Charles III"}, "junior"),
        ({"amenity": "school", "name": "Lycée Albert Ier"}, "senior"),
        ({"amenity": "school", "name": "Hillside Primary School"}, "primary"),
        ({"amenity": "school", "name": "Escola Municipal de Ensino Fundamental"}, "nine_year"),
        ({"amenity": "school", "name": "Escola Estadual de Ensino Médio"}, "senior"),
        ({"amenity": "school", "name": "St Mary's", "isced:level": "1"}, "primary"),
        ({"amenity": "school", "name": "St Mary's", "isced:level": "1;2"}, "nine_year"),
        ({"amenity": "school", "name": "St Mary's", "isced:level": "1-3"}, "twelve_year"),
        ({"amenity": "school", "name": "第二中学", "isced:level": "3"}, "senior"),
        ({"amenity": "school", "name": "Carmes", "school:FR": "élémentaire"}, "primary"),
        ({"amenity": "school", "name": "École des Carmes"}, None),
        ({"amenity": "school", "name": "外国语学校", "name:en": "Foreign Language Primary School"}, "primary"),
        ({"amenity": "school"}, None),
    ],
)
def test_stage(tags, stage):
    assert guess_stage(tags) == stage


def test_one_row_for_each_school(tmp_path):
    """A ground with a point of the same name and two buildings is one school; strangers stay."""
    nodes = {
        1: (50, 50, {"amenity": "school", "name": "第一小学"}),
        2: (60, 50, {"amenity": "kindergarten", "name": "小星星幼儿园"}),
        3: (500, 500, {"amenity": "school", "name:zh": "第二小学"}),
        4: (600, 500, {"office": "educational_institution", "name": "Academy"}),
        5: (600, 600, {"amenity": "school"}),
        6: (5000, 500, {"amenity": "school", "name": "too far"}),
    }
    areas = {
        1: ((0, 0, 100, 100), {"amenity": "school", "name": "第一小学"}),
        2: ((10, 10, 20, 20), {"building": "school", "name": "教学楼"}),
        3: ((200, 0, 220, 20), {"building": "school", "name": "第三中学"}),
        4: ((240, 0, 260, 20), {"building": "school"}),
        5: ((-500, -500, -300, -300), {"amenity": "university", "name": "大学"}),
        6: ((-480, -480, -460, -460), {"building": "school", "name": "9003大楼"}),
        7: ((-440, -480, -420, -460), {"building": "school", "name": "大学附属小学"}),
    }
    _, around, _ = town(tmp_path, areas, nodes=nodes)
    schools = around.schools.set_index("osm_id")
    assert schools.index.tolist() == ["n2", "n3", "n4", "n5", "w1", "w3", "w7"]
    assert schools.stage.to_dict() == {
        "n2": "kindergarten",
        "n3": "primary",
        "n4": None,
        "n5": None,
        "w1": "primary",
        "w3": "junior",
        "w7": "primary",
    }
    assert schools.name["n3"] == "第二小学"
    assert schools.name["n5"] is None
    assert schools.tags["w1"]["amenity"] == "school"
