"""What tasks say of the numbers in their results, and what is not known of tasks of one's own."""

from pynn_eprop.tasks.measures import said_measures


class Base:
    measures = ()

    def further_results(self):
        return {}


class Silent(Base):
    def further_results(self):
        return {"hits": 1}


class Saying(Silent):
    measures = ("hits",)


class Derived(Saying):
    pass


class Changed(Saying):
    def further_results(self):
        return {"hits": 1, "misses": 2}


def test_what_a_class_says_holds_until_results_are_others():
    said = {kind: said_measures(kind(), "further_results")
            for kind in (Base, Silent, Saying, Derived, Changed, object)}
    assert said == {Base: (), Silent: None, Saying: ("hits",), Derived: ("hits",), Changed: None,
                    object: None}
