"""redis-py with its default options."""

import sys
import threading

import redis


def main(port):
    print("client redis-py", redis.__version__)
    client = redis.Redis(port=port)
    assert client.ping() is True
    print("ok connect")

    assert client.set("py:key", "value") is True
    print("ok set")

    assert client.get("py:key") == b"value"
    assert client.get("py:nothing") is None
    print("ok get")

    pipeline = client.pipeline()
    for number in range(100):
        pipeline.set(f"py:{number}", number)
    for number in range(100):
        pipeline.get(f"py:{number}")
    answers = pipeline.execute()
    assert answers == [True] * 100 + [b"%d" % n for n in range(100)], answers
    print("ok pipeline")

    listener = client.pubsub()
    listener.subscribe("py:news")
    assert listener.get_message(timeout=10)["type"] == "subscribe"
    assert client.publish("py:news", "hello") == 1
    message = listener.get_message(timeout=10)
    assert (message["channel"], message["data"]) == (b"py:news", b"hello"), message
    listener.unsubscribe("py:news")
    assert listener.get_message(timeout=10)["type"] == "unsubscribe"
    print("ok subscribe")

    answers = []
    waiting = threading.Thread(target=lambda: answers.append(client.blpop("py:list", 10)))
    waiting.start()
    # Whether it waits already does not matter: the answer is the same.
    client.rpush("py:list", "element")
    waiting.join()
    assert [list(answer) for answer in answers] == [[b"py:list", b"element"]], answers
    assert client.blpop("py:list", 0.05) is None
    print("ok block")


main(int(sys.argv[1]))
