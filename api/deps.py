"""What handlers ask for: the services, the look that the query asks for, the reader's language."""

from collections.abc import Collection
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request

from api.access import PrincipalDep, reader_of
from api.policy import Principal, Way, audience_of
from api.wiring import Services, known_of
from geo.errors import BadInput, PlanError, SignInNeeded
from geo.vocabulary import AudienceKind
from maps.atlas import Atlas
from maps.page import make_scene
from maps.panel import Scene
from maps.state import LANGUAGES, State, parse_day, parse_state
from maps.wording import Wording, wording


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def language_of(request: Request) -> str:
    """The language that the query names, else the service's own; never fails."""
    named = request.query_params.get("lang", "")
    if named in LANGUAGES:
        return named
    lang: str = services_of(request).settings.lang
    return lang


def words_of(request: Request) -> Wording:
    return wording(language_of(request))


def atlas_of(
    request: Request, services: Annotated[Services, Depends(services_of)], principal: PrincipalDep
) -> Atlas:
    """What the caller may see, now or as of the day that the query names; the public has no past."""
    audience = audience_of(principal)
    day = parse_day(request.query_params.get("as_of", ""), services.last_day())
    if day is not None and audience.kind is AudienceKind.PUBLIC:
        raise not_for(principal, "as_of", str(day), ())
    return services.atlas(audience, day)


def state_of(
    request: Request,
    atlas: Annotated[Atlas, Depends(atlas_of)],
    services: Annotated[Services, Depends(services_of)],
    principal: PrincipalDep,
) -> State:
    """The state in the query; ``BadInput`` for anything that cannot be what was meant.

    A town's own people always look at their town. What the audience does not have is ``SignInNeeded`` for
    nobody, and for others as if there were no such thing.
    """
    params = request.query_params
    for name in params:
        if len(params.getlist(name)) > 1:
            raise BadInput("parameter_twice", parameter=name)
    known = replace(known_of(atlas), today=services.last_day())
    state = parse_state(dict(params), known, services.settings.lang, own_parameters(request))
    if state.theme not in atlas.themes:
        raise not_for(principal, "theme", state.theme, atlas.themes)
    if state.show == "matrix" and "works" not in atlas.themes:
        raise not_for(principal, "show", state.show, ("table",))
    return state.but(town=state.town or atlas.audience.town, as_of=atlas.as_of if atlas.is_past else None)


def not_for(principal: Principal, name: str, value: str, known: Collection[str]) -> PlanError:
    """What to raise for a parameter that the caller's audience does not have."""
    if principal.way is Way.NOBODY:
        return SignInNeeded()
    return BadInput("bad_parameter", parameter=name, value=value, known=", ".join(known))


def own_parameters(request: Request) -> frozenset[str]:
    """Names of the query parameters that the handler of the request declares itself."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    return frozenset(field.alias for field in dependant.query_params) if dependant else frozenset()


def scene_of(
    atlas: Annotated[Atlas, Depends(atlas_of)],
    state: Annotated[State, Depends(state_of)],
    principal: PrincipalDep,
) -> Scene:
    return make_scene(atlas, state, reader_of(principal))


ServicesDep = Annotated[Services, Depends(services_of)]
AtlasDep = Annotated[Atlas, Depends(atlas_of)]
StateDep = Annotated[State, Depends(state_of)]
SceneDep = Annotated[Scene, Depends(scene_of)]
