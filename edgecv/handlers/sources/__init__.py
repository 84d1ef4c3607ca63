"""The protocols devices speak: MQTT 5, Modbus TCP, a web hook; in go settings, out come arrivals to acknowledge."""
