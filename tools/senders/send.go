// Sends a file, with credentials when it is asked for them.
package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	url, user, password, file, expect := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	body, err := os.ReadFile(file)
	check(err)
	transport := &http.Transport{ExpectContinueTimeout: 10 * time.Second}
	client := &http.Client{Transport: transport, Timeout: 50 * time.Second}
	send := func(withCredentials bool) int {
		request, err := http.NewRequest("POST", url, bytes.NewReader(body))
		check(err)
		request.Header.Set("Content-Type", "application/xml")
		if expect == "expect" {
			request.Header.Set("Expect", "100-continue")
		}
		if withCredentials {
			request.SetBasicAuth(user, password)
		}
		response, err := client.Do(request)
		check(err)
		response.Body.Close()
		return response.StatusCode
	}
	status := send(false)
	if status == http.StatusUnauthorized {
		status = send(true)
	}
	fmt.Println(status)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
