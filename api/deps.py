"""What handlers ask for: the services, the look that the query asks for, the reader's language."""

from typing import Annotated

from fastapi import Depends, Request

from api.wiring import Services, known_of
from geo.errors import BadInput
from maps.atlas import Atlas
from maps.page import make_scene
from maps.panel import Scene
from maps.state import LANGUAGES, State, parse_state
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


def atlas_of(services: Annotated[Services, Depends(services_of)]) -> Atlas:
    return services.atlas()


def state_of(request: Request, atlas: Annotated[Atlas, Depends(atlas_of)]) -> State:
    """The state in the query; ``BadInput`` for anything that cannot be what was meant."""
    params = request.query_params
    for name in params:
        if len(params.getlist(name)) > 1:
            raise BadInput("parameter_twice", parameter=name)
    home = services_of(request).settings.lang
    return parse_state(dict(params), known_of(atlas), home, own_parameters(request))


def own_parameters(request: Request) -> frozenset[str]:
    """Names of the query parameters that the handler of the request declares itself."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    return frozenset(field.alias for field in dependant.query_params) if dependant else frozenset()


def scene_of(atlas: Annotated[Atlas, Depends(atlas_of)], state: Annotated[State, Depends(state_of)]) -> Scene:
    return make_scene(atlas, state)


ServicesDep = Annotated[Services, Depends(services_of)]
AtlasDep = Annotated[Atlas, Depends(atlas_of)]
StateDep = Annotated[State, Depends(state_of)]
SceneDep = Annotated[Scene, Depends(scene_of)]
