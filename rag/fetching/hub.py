"""Whether the hub has a model, asked once: its own client asks for each file again and again, and
says so on stderr, for most of a minute where there is no network."""

from __future__ import annotations

_SECONDS = 10.0
_NOT_SHOWN = (401, 403, 404)


class NotOnHub(OSError):
    """Why a model cannot be had from the hub, as a phrase without a full stop."""


def is_kept(model: str) -> bool:
    """Whether the hub's cache on this machine holds the model, or a part of it."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return isinstance(try_to_load_from_cache(model, "config.json"), str)
    except HFValidationError:
        return False


def ask_hub(model: str) -> None:
    """One question to the hub. Raises NotOnHub for an id that is none, a model that is not there,
    and where the hub cannot be reached."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    constants.HF_HUB_DISABLE_TELEMETRY = True
    try:
        HfApi(endpoint=constants.ENDPOINT).model_info(model, timeout=_SECONDS)
    except HFValidationError as error:
        raise NotOnHub("it is no file or folder here, and no hub id") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in _NOT_SHOWN:
            reason = "the hub has no such model, or does not show it to you"
            raise NotOnHub(reason) from error
        raise NotOnHub(f"the hub answered with status {status}: try again later") from error
    except OfflineModeIsEnabled as error:
        raise NotOnHub("it is not on this machine, and HF_HUB_OFFLINE forbids the hub") from error
    except Exception as error:  # of its HTTP library's own kinds, which differ by version
        raise NotOnHub(
            f"it is not on this machine, and the hub, {constants.ENDPOINT}, did not answer: is "
            "there a network?"
        ) from error
