"""Runs in Open WebUI's own environment: its converter over documents, as it treats a global connection.

Reads a JSON array of documents from stdin; writes an array of the tools that a model is offered for each, or of the text
of the exception."""

import json
import os
import sys
import tempfile


def main():
    documents = json.load(sys.stdin)
    answers = os.dup(1)
    os.dup2(2, 1)  # its import greets on stdout
    with tempfile.TemporaryDirectory(prefix="traygate-open-webui-") as home:
        os.environ.update(HOME=home, DATA_DIR=home, OFFLINE_MODE="true", HF_HUB_OFFLINE="1", ENABLE_DB_MIGRATIONS="false",
                          DATABASE_URL=f"sqlite:///{home}/webui.db", WEBUI_SECRET_KEY="judge", GLOBAL_LOG_LEVEL="ERROR",
                          RAG_EMBEDDING_ENGINE="openai", WEBUI_AUTH="False", FROM_INIT_PY="true", USE_SLIM_DOCKER="true")
        os.chdir(home)
        from open_webui.utils.tools import clean_openai_tool_schema, convert_openapi_to_tool_payload

        def offered(document):
            try:
                return [clean_openai_tool_schema(tool) for tool in convert_openapi_to_tool_payload(document)]
            except Exception as error:  # whatever it raises takes all tool servers of an Open WebUI with it
                return f"{type(error).__name__}: {error}"

        with os.fdopen(answers, "w") as out:
            json.dump([offered(document) for document in documents], out)


if __name__ == "__main__":
    main()
